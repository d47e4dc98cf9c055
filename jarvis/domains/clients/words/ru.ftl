param-client = клиент
event-client-created = новый клиент
event-client-updated = клиент изменился
