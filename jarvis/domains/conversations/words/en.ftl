forgotten = Our conversation is forgotten.
report-done = Noted, code <code>{ $code }</code>. An administrator will look at it.
report-none = Nothing to report yet: no answers in this conversation.
press-old = This button is out of date, please ask again
press-lapsed = ⌛ Its time is over: the buttons work no more, nothing was done. The invitation can be sent again.
press-used = Already chosen
press-other = For the person who asked
failed-you = ⚠️ That did not work; the cause is on record. The administrators know · code <code>{ $code }</code>
