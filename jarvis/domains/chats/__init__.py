"""Chats of the house: what each is for, and the topics of its forums."""
