tool-search_knowledge = Rules
param-question = question
