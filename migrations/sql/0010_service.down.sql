DROP TABLE digest_line, subscription;

-- Service chats stay as chats that only happen to be there.
DROP INDEX chat_of_company;
ALTER TABLE chat DROP CONSTRAINT chat_purpose_check;
UPDATE chat SET purpose = NULL WHERE purpose IN ('leaders', 'sales', 'marketing');
ALTER TABLE chat ADD CONSTRAINT chat_purpose_check CHECK (purpose IN ('branch_forum', 'archive', 'hq'));
CREATE UNIQUE INDEX chat_of_company ON chat (purpose) WHERE purpose IN ('archive', 'hq');
