-- Topics of clients and tasks stay as topics about nothing, their groups as chats that only happen to be there.
DROP INDEX topic_of_client;
DROP INDEX topic_of_task;
ALTER TABLE topic DROP CONSTRAINT topic_subject_check, DROP CONSTRAINT topic_purpose_check;
UPDATE topic SET purpose = 'branch_forum' WHERE purpose IN ('personal', 'tasks');
ALTER TABLE topic
  DROP COLUMN client_id, DROP COLUMN task_id,
  ADD CONSTRAINT topic_purpose_check CHECK (purpose IN ('branch_forum', 'archive', 'hq'));
DROP TABLE absence, task;

DROP INDEX chat_of_employee;
DROP INDEX chat_of_company;
ALTER TABLE chat DROP CONSTRAINT chat_employee_check, DROP CONSTRAINT chat_purpose_check;
UPDATE chat SET purpose = NULL WHERE purpose IN ('personal', 'tasks');
ALTER TABLE chat
  DROP COLUMN employee_id,
  ADD CONSTRAINT chat_purpose_check
    CHECK (purpose IN ('branch_forum', 'archive', 'hq', 'leaders', 'sales', 'marketing'));
CREATE UNIQUE INDEX chat_of_company ON chat (purpose) WHERE purpose <> 'branch_forum';
