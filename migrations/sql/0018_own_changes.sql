-- Effects that have ended keep the name under which they were carried out. A dead one may be taken up again.
UPDATE effect SET system = 'jarvis',
       kind = CASE kind WHEN 'house.subscribe' THEN 'news.subscribe' ELSE replace(kind, 'house.', 'staff.') END
 WHERE system = 'house' AND state IN ('pending', 'claimed', 'unknown', 'dead');

-- What was switched off stays off under its new name; a switch for the whole system becomes one for each of its owners.
INSERT INTO switch (scope, name, mode, set_by_employee_id, set_at, reason)
SELECT scope, o.owner || substr(name, 6), mode, set_by_employee_id, set_at, reason
  FROM switch CROSS JOIN (VALUES ('staff'), ('news')) AS o (owner)
 WHERE scope = 'effect' AND split_part(name, '@', 1) = 'house.*'
ON CONFLICT (scope, name) DO NOTHING;
DELETE FROM switch WHERE scope = 'effect' AND split_part(name, '@', 1) = 'house.*';
UPDATE switch SET name = 'news' || substr(name, 6) WHERE scope = 'effect' AND split_part(name, '@', 1) = 'house.subscribe';
UPDATE switch SET name = 'staff' || substr(name, 6) WHERE scope = 'effect' AND name LIKE 'house.%';
