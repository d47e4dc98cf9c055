"""Reads people's text without a model: languages, dates, entities, and the offline model. It knows
no role."""
