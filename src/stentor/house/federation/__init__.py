"""The fediverse at the house: what comes to inboxes, and whom couriers tell what people here do."""
