DROP TABLE topic;
ALTER TABLE chat DROP COLUMN purpose, DROP COLUMN branch_id;
