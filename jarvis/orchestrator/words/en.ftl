card-in_private = ❓ The card waits for a decision in the private chat with Jarvis. Nothing is changed.
card-no_telegram = Changes are confirmed by a card in Telegram, which is not bound. Nothing is changed.
status = Looking…
status-slow = Slower than usual: still collecting
step-failed = ⚠️ Did not work: { $part }. Cause: { $cause }
cause-model = the model did not answer
cause-source = the source does not answer
cause-steps = too many steps for one request, try to split it
budget-request = This request has used up its share of model calls: the rest is answered by rules.
budget-employee = Your model calls of today are used up: until midnight simple requests are answered by rules.
budget-house = The company's model calls of today are used up: until midnight simple requests are answered by rules.
cause-none = no answer was found
cause-claim-done = the model told of what is on no record, please ask in other words
cause-claim-waits = there is no card for this request and nothing to confirm, please ask in other words
cause-claim-refused = the model refused without grounds, please ask in other words
cause-claim-silent = the model blamed a failure that did not happen, please ask in other words
cause-time = ran out of time
error = No answer: { $cause }. Nothing was changed. · code <code>{ $code }</code>
unclear = I did not understand this. I can:
off_topic = This is not my work. I can:
offline-first = Offline mode: simple requests only, free speech not always.
offline-mark = Offline mode
stranger = This assistant is for Geodrive staff and you are not on the list, so I can't answer. If you work here, ask an administrator for an invitation.
welcome =
    Hello { $name }. I'm Jarvis, Geodrive's work assistant. Your role: { $role }, { $branch }.
    Write as to a colleague. I show things at once.
    First steps:
b-retry = Retry
unrouted =
    ⚠️ <b>An event without a route</b>: <code>{ $kind }</code>
    Nothing was done with it, it is kept · code <code>{ $code }</code>
unrouted-like = Proposal: handle it as <code>{ $as_kind }</code>{ $why }
unrouted-none = No rule is like it.
b-route = Handle it so
b-ignore = Ignore this kind
route-yes =
    <b>Route</b>: <code>{ $kind }</code> → <code>{ $as_kind }</code> · { $who }, { $t }
    Queued again: { $n }
route-no = <b>Ignored</b>: <code>{ $kind }</code> · { $who }, { $t }
