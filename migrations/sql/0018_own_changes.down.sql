UPDATE effect SET system = 'house', kind = 'house' || substr(kind, strpos(kind, '.'))
 WHERE system = 'jarvis' AND state IN ('pending', 'claimed', 'unknown', 'dead');

-- One switch stands for both owners again: the stricter of the two.
INSERT INTO switch (scope, name, mode, set_by_employee_id, set_at, reason)
SELECT DISTINCT ON (n.name) scope, n.name, mode, set_by_employee_id, set_at, reason
  FROM switch CROSS JOIN LATERAL (SELECT 'house' || substr(switch.name, strpos(switch.name, '.')) AS name) n
 WHERE scope = 'effect' AND split_part(switch.name, '@', 1) IN ('staff.*', 'news.*')
 ORDER BY n.name, array_position(ARRAY['off', 'shadow'], mode), set_at
ON CONFLICT (scope, name) DO NOTHING;
DELETE FROM switch WHERE scope = 'effect' AND split_part(name, '@', 1) IN ('staff.*', 'news.*');
UPDATE switch SET name = 'house' || substr(name, strpos(name, '.'))
 WHERE scope = 'effect' AND split_part(name, '@', 1) IN ('staff.grant_role', 'staff.hire', 'staff.add_branch', 'news.subscribe');
