tool-search_knowledge = Правила
param-question = вопрос
