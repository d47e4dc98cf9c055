-- Chats of the whole company have no branch: the archive of material, the main chat of cars.
ALTER TABLE chat DROP CONSTRAINT chat_purpose_check, DROP CONSTRAINT chat_check;
ALTER TABLE chat
  ADD CONSTRAINT chat_purpose_check CHECK (purpose IN ('branch_forum', 'archive', 'hq')),
  ADD CONSTRAINT chat_branch_check CHECK ((purpose = 'branch_forum') = (branch_id IS NOT NULL));
CREATE UNIQUE INDEX chat_of_company ON chat (purpose) WHERE purpose IN ('archive', 'hq');

-- `leaving`: the car is elsewhere, and the topic closes when its material stands in the archive. A car has one topic in each of
-- three places: its branch, the archive, the main chat.
ALTER TABLE topic DROP CONSTRAINT topic_state_check, DROP CONSTRAINT topic_check;
ALTER TABLE topic
  ADD COLUMN purpose text NOT NULL DEFAULT 'branch_forum' CHECK (purpose IN ('branch_forum', 'archive', 'hq')),
  ADD CONSTRAINT topic_state_check CHECK (state IN ('making', 'open', 'leaving', 'closed', 'gone')),
  ADD CONSTRAINT topic_number_check CHECK (state IN ('making', 'leaving', 'gone') OR number IS NOT NULL);
DROP INDEX topic_of_car;
CREATE UNIQUE INDEX topic_of_car ON topic (car_id, purpose) WHERE state IN ('making', 'open');

-- How far the talk of a topic was written into the archive, and the effect that wrote the last of it.
ALTER TABLE topic
  ADD COLUMN told_seq bigint NOT NULL DEFAULT 0,
  ADD COLUMN told_effect_id uuid REFERENCES effect (id);
CREATE INDEX event_of_topic ON event ((payload->>'chat_id'), (payload->>'topic'))
  WHERE kind = 'message.employee' AND payload->>'topic' IS NOT NULL;

CREATE INDEX effect_waiting ON effect (target, lane) WHERE state = 'pending';
