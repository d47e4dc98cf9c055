tool-search_knowledge = წესები
param-question = კითხვა
