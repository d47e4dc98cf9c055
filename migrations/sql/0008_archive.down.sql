DROP INDEX effect_waiting;
DROP INDEX event_of_topic;

-- A car had one topic, in the forum of its branch. Topics elsewhere, and those that were about to close, stay as closed ones.
DROP INDEX topic_of_car;
ALTER TABLE topic DROP CONSTRAINT topic_number_check, DROP CONSTRAINT topic_state_check;
UPDATE topic SET state = CASE WHEN number IS NULL THEN 'gone' ELSE 'closed' END
 WHERE state = 'leaving' OR (purpose <> 'branch_forum' AND state IN ('making', 'open'));
ALTER TABLE topic
  DROP COLUMN told_effect_id, DROP COLUMN told_seq, DROP COLUMN purpose,
  ADD CONSTRAINT topic_state_check CHECK (state IN ('making', 'open', 'closed', 'gone')),
  ADD CONSTRAINT topic_check CHECK (state IN ('making', 'gone') OR number IS NOT NULL);
CREATE UNIQUE INDEX topic_of_car ON topic (car_id) WHERE state IN ('making', 'open');

-- The chats of the company stay as chats that only happen to be there.
DROP INDEX chat_of_company;
ALTER TABLE chat DROP CONSTRAINT chat_branch_check, DROP CONSTRAINT chat_purpose_check;
UPDATE chat SET purpose = NULL WHERE purpose IN ('archive', 'hq');
ALTER TABLE chat
  ADD CONSTRAINT chat_purpose_check CHECK (purpose IN ('branch_forum')),
  ADD CONSTRAINT chat_check CHECK (purpose IS NULL OR branch_id IS NOT NULL);
