all_branches = all branches
digest = 🗒 <b>{ $branch }, { $date }</b>
settings =
    <b>Settings</b>
    Language: { $language }
    Digest: { $digest }
    Mute: { $muted }
yes = yes
no = no
digest-at = at { $h }:00
digest-never = off
b-digest-off = No digest
b-mute = Mute
b-unmute = Unmute
b-report = Report a problem
invite-wait = Request received. An administrator will confirm and I will write.
invite-card =
    ❓ <b>Bind Telegram?</b>
    Employee: { $name }
    Telegram id: <code>{ $id }</code>
invite-bad = This invitation is not valid: ask an administrator for a new one.
invite-yes = Bound: { $name } · { $who }
invite-no = Declined: { $name } · { $who }
invite-settled = Already settled: { $name }
invite-declined = The administrator did not confirm.
role-employee = employee
role-branch_head = branch head
role-department_head = department head
role-director = director
role-sales = sales
role-marketing = marketing
role-accountant = accountant
role-mechanic = mechanic
role-admin = administrator
role-prompt_engineer = prompt engineer
staff-hired =
    👤 { $name }: forward this link in person, valid 3 days. Once it is pressed, an administrator confirms.
    { $link }
staff-branch = 📍 { $name }: the branch is there. Next: create the group “Branch_{ $code } (forum)”, switch topics on, add me as an administrator; I will ask what it is for.
cannot-self = Nobody appoints themselves.
cannot-left = { $name } has left.
cannot-name = First and last name are needed.
cannot-works_here = { $name } works here already.
cannot-needs_branch = This role needs a branch.
cannot-code = The code “{ $code }” does not fit: Latin letters and hyphens.
cannot-branch_there = The branch { $code } is there already.
card-do-grant = Appoint: { $role }{ $branch }
card-do-hire = Hire: { $role }
card-do-add_branch = Add the branch
card-field-role = Role
card-field-name_ru = In Russian
card-field-name_en = In English
card-field-name_ka = In Georgian
write-grant = Role or branch
write-hire = New employee
write-add_branch = New branch
param-employee = colleague
param-role = role
param-language = language
param-branch = branch
param-code = code
param-name_en = in English
param-name_ka = in Georgian
