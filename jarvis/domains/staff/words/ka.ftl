all_branches = ყველა ფილიალი
digest = 🗒 <b>{ $branch }, { $date }</b>
settings =
    <b>პარამეტრები</b>
    ენა: { $language }
    შეჯამება: { $digest }
    ჩუმი რეჟიმი: { $muted }
yes = კი
no = არა
digest-at = { $h }:00
digest-never = გამორთული
b-digest-off = შეჯამების გარეშე
b-mute = ჩუმი
b-unmute = ხმოვანი
b-report = შეცდომის შეტყობინება
invite-wait = განაცხადი მიღებულია. ადმინისტრატორი დაადასტურებს და მოგწერთ.
invite-card =
    ❓ <b>დავუკავშირო Telegram?</b>
    თანამშრომელი: { $name }
    Telegram id: <code>{ $id }</code>
invite-bad = მოსაწვევი არ მოქმედებს: სთხოვეთ ადმინისტრატორს ახალი.
invite-yes = დაკავშირებულია: { $name } · { $who }
invite-no = უარყოფილია: { $name } · { $who }
invite-settled = უკვე გადაწყდა: { $name }
invite-declined = ადმინისტრატორმა არ დაადასტურა.
role-employee = თანამშრომელი
role-branch_head = ფილიალის ხელმძღვანელი
role-department_head = დეპარტამენტის ხელმძღვანელი
role-director = დირექტორი
role-sales = გაყიდვები
role-marketing = მარკეტინგი
role-accountant = ბუღალტერი
role-mechanic = მექანიკოსი
role-admin = ადმინისტრატორი
role-prompt_engineer = პრომპტ-ინჟინერი
staff-hired =
    👤 { $name }: ბმული პირადად გადაუგზავნეთ, 3 დღე მოქმედებს. დაჭერის შემდეგ ადმინისტრატორი დაადასტურებს.
    { $link }
staff-branch = 📍 { $name }: ფილიალი დამატებულია. შემდეგ: შექმენით ჯგუფი „Branch_{ $code } (forum)“, ჩართეთ თემები, დამამატეთ ადმინისტრატორად; გკითხავთ, რისთვისაა.
cannot-self = საკუთარ თავს როლს არ უნიშნავენ.
cannot-left = { $name } აღარ მუშაობს.
cannot-name = საჭიროა სახელი და გვარი.
cannot-works_here = { $name } უკვე მუშაობს.
cannot-needs_branch = ამ როლს ფილიალი სჭირდება.
cannot-code = კოდი „{ $code }“ არ ვარგა: ლათინური ასოები და დეფისი.
cannot-branch_there = ფილიალი { $code } უკვე არსებობს.
card-do-grant = დანიშვნა: { $role }{ $branch }
card-do-hire = აყვანა: { $role }
card-do-add_branch = ფილიალის დამატება
card-field-role = როლი
card-field-name_ru = რუსულად
card-field-name_en = ინგლისურად
card-field-name_ka = ქართულად
write-grant = როლი ან ფილიალი
write-hire = ახალი თანამშრომელი
write-add_branch = ახალი ფილიალი
param-employee = თანამშრომელი
param-role = როლი
param-language = ენა
param-branch = ფილიალი
param-code = კოდი
param-name_en = ინგლისურად
param-name_ka = ქართულად
