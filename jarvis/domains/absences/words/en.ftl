absence-noted = Noted: you are away { $period }, { $substitute } stands in. Topics of clients and tasks move and come back by themselves.
absence-alone = Noted: you are away { $period }. Nobody stands in: topics of clients and tasks stay with you.
absence-standing = 👤 You stand in for { $who }, { $period }. Topics of clients and tasks come to your groups.
absence-over = 👤 No standing in any more: { $who }, { $period }.
absence-cancelled = The absence is cancelled: { $who }, { $period }.
absence-gaps = No absence was noted: it needs the first and the last day. Start again: /form
b-absence-back = Cancel: I am here
