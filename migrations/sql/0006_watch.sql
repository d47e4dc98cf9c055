-- A chat of ours as Telegram had it when it was looked at last: the rights that the bot lacks there, and since when it is out of reach.
ALTER TABLE chat
  ADD COLUMN lacks text[] NOT NULL DEFAULT '{}',
  ADD COLUMN lost_at timestamptz;
-- When a topic was looked at last: not more often than every five minutes.
ALTER TABLE topic ADD COLUMN looked_at timestamptz;
