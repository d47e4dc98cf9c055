param-client = კლიენტი
event-client-created = ახალი კლიენტი
event-client-updated = კლიენტი შეიცვალა
