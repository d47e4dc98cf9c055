-- A file is stored once by its content. `exif` is what its camera wrote, kept aside; what is published is `clean_key`, without it.
ALTER TABLE media
  ADD COLUMN width integer,
  ADD COLUMN height integer,
  ADD COLUMN exif jsonb,
  ADD COLUMN clean_key text,
  ADD COLUMN thumb_key text;
CREATE UNIQUE INDEX media_sha256 ON media (sha256);

-- What one person sent at one place in one go, and the operation that it belongs to. Its id is the operation's in the storage's keys.
CREATE TABLE media_set (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  sender bigint NOT NULL,
  employee_id uuid REFERENCES employee (id),
  chat_id uuid NOT NULL REFERENCES chat (id),
  topic_id uuid REFERENCES topic (id),
  car_id uuid REFERENCES car (id),
  booking_id uuid REFERENCES booking (id),
  operation text CHECK (operation IN ('issue', 'return', 'damage', 'other')),
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'filing', 'filed')),
  asked_effect_id uuid REFERENCES effect (id),
  started_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  filed_at timestamptz,
  filed_by_employee_id uuid REFERENCES employee (id),
  CHECK (state = 'open' OR (operation IS NOT NULL AND car_id IS NOT NULL))
);
CREATE INDEX media_set_open ON media_set (sender, chat_id) WHERE state = 'open';
CREATE INDEX media_set_car ON media_set (car_id, filed_at DESC) WHERE state = 'filed';

-- One file of a message of a person (`version` tells an edit that put another file into it; `file` is Telegram's id of it). `stored`: it is ours and verified; only
-- then its message is removed where people may not post media.
CREATE TABLE media_item (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  set_id uuid NOT NULL REFERENCES media_set (id),
  marked_chat bigint NOT NULL,
  message bigint NOT NULL,
  version text NOT NULL,
  file text NOT NULL,
  kind text NOT NULL,
  name text,
  caption text,
  media_id uuid REFERENCES media (id),
  state text NOT NULL CHECK (state IN ('taken', 'stored', 'removed', 'refused')),
  reason text,
  filed_key text,
  posted_at timestamptz NOT NULL,
  UNIQUE (marked_chat, message, version),
  CHECK (state IN ('taken', 'refused') OR media_id IS NOT NULL)
);
CREATE INDEX media_item_set ON media_item (set_id);

-- What Jarvis publishes of a set: one row a file and chat from the moment it is asked for; `message` once it stands there.
-- `gone_at`: it could not be published, or somebody deleted it.
CREATE TABLE post (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  chat_id uuid NOT NULL REFERENCES chat (id),
  topic_id uuid REFERENCES topic (id),
  item_id uuid NOT NULL REFERENCES media_item (id),
  effect_id uuid NOT NULL REFERENCES effect (id),
  message bigint,
  posted_at timestamptz,
  seen_at timestamptz,
  gone_at timestamptz
);
CREATE UNIQUE INDEX post_of_item ON post (chat_id, item_id) WHERE gone_at IS NULL;
CREATE UNIQUE INDEX post_message ON post (chat_id, message);
CREATE INDEX post_item ON post (item_id);

-- At most so many calls in any period: the exact rule of a group. All windows of one call are taken together or not at all.
CREATE TABLE rate_window (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL UNIQUE,
  taken timestamptz[] NOT NULL DEFAULT '{}'
);

CREATE FUNCTION window_take(p_names text[], p_calls integer[], p_period interval, p_count integer) RETURNS double precision
LANGUAGE plpgsql AS $$
DECLARE v_now timestamptz; v_taken timestamptz[]; v_over integer; v_wait double precision := 0; v_n integer;
BEGIN
  INSERT INTO rate_window (name) SELECT n FROM unnest(p_names) n ORDER BY n ON CONFLICT (name) DO NOTHING;
  PERFORM 1 FROM rate_window WHERE name = ANY (p_names) ORDER BY name FOR UPDATE;
  v_now := clock_timestamp();
  FOR i IN 1..cardinality(p_names) LOOP
    v_n := least(p_count, p_calls[i]);
    SELECT array_agg(t ORDER BY t) INTO v_taken FROM rate_window w, unnest(w.taken) t WHERE w.name = p_names[i] AND t > v_now - p_period;
    v_taken := coalesce(v_taken, '{}');
    v_over := cardinality(v_taken) + v_n - p_calls[i];
    IF v_over > 0 THEN
      v_wait := greatest(v_wait, extract(epoch FROM v_taken[v_over] + p_period - v_now));
    END IF;
  END LOOP;
  IF v_wait > 0 THEN RETURN v_wait; END IF;
  UPDATE rate_window w
     SET taken = ARRAY(SELECT t FROM unnest(w.taken) t WHERE t > v_now - p_period) || array_fill(v_now, ARRAY[p_count])
   WHERE w.name = ANY (p_names);
  RETURN 0;
END $$;

-- All changes of one message, by the effect that sent it.
CREATE INDEX effect_root ON effect ((args->>'root')) WHERE kind = 'telegram.edit';
