param-client = client
event-client-created = new client
event-client-updated = client changed
