-- Take one call of every account (a window each: at most so many in its period) or of none. Whoever finds no room in one of them
-- takes nothing from the others. With a queue, who finds no room gets a turn of his own: `p_every` after the last one that was given,
-- or somewhere within `p_horizon` when that is further away; and who has had no turn yet stands behind those who have one.
-- Returns the seconds to wait (0: taken) and the account that is used up for longest.
CREATE FUNCTION quota_take(
  p_names text[], p_calls integer[], p_periods interval[], p_queue text, p_every interval, p_horizon interval, p_has_turn boolean
) RETURNS TABLE (wait double precision, account text) LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz; v_taken timestamptz[]; v_over integer; v_wait interval := '0'; v_w interval; v_account text; v_last timestamptz;
BEGIN
  INSERT INTO rate_window (name) SELECT n FROM unnest(p_names) n ORDER BY n ON CONFLICT (name) DO NOTHING;
  PERFORM 1 FROM rate_window w WHERE w.name = ANY (p_names) ORDER BY w.name FOR UPDATE;
  IF p_queue IS NOT NULL THEN
    INSERT INTO rate_limit (name, tat) VALUES (p_queue, clock_timestamp()) ON CONFLICT (name) DO NOTHING;
    SELECT r.tat INTO v_last FROM rate_limit r WHERE r.name = p_queue FOR UPDATE;
  END IF;
  v_now := clock_timestamp();
  FOR i IN 1..cardinality(p_names) LOOP
    SELECT array_agg(t ORDER BY t) INTO v_taken FROM rate_window w, unnest(w.taken) t
     WHERE w.name = p_names[i] AND t > v_now - p_periods[i];
    v_taken := coalesce(v_taken, '{}');
    v_over := cardinality(v_taken) + 1 - p_calls[i];
    IF v_over > 0 THEN
      v_w := v_taken[v_over] + p_periods[i] - v_now;
      IF v_w > v_wait THEN v_wait := v_w; v_account := p_names[i]; END IF;
    END IF;
  END LOOP;
  IF v_wait = '0' AND (v_last IS NULL OR p_has_turn OR v_last <= v_now) THEN
    UPDATE rate_window w SET taken = ARRAY(SELECT t FROM unnest(w.taken) t WHERE t > v_now - a.period) || v_now
      FROM unnest(p_names, p_periods) a (name, period) WHERE w.name = a.name;
    RETURN QUERY SELECT 0::double precision, NULL::text;
    RETURN;
  END IF;
  IF v_last IS NOT NULL THEN
    v_wait := greatest(v_wait, v_last - v_now);
    IF v_wait < p_horizon THEN
      UPDATE rate_limit SET tat = v_now + v_wait + p_every WHERE name = p_queue;
    ELSE
      v_wait := p_every + random() * p_horizon;
    END IF;
  END IF;
  RETURN QUERY SELECT extract(epoch FROM v_wait)::double precision, coalesce(v_account, p_queue);
END $$;
