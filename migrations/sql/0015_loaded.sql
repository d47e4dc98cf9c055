INSERT INTO source_state (name, last_ok_at)
SELECT 'RentProg read whole', last_ok_at FROM source_state WHERE name = 'RentProg reconciled' AND last_ok_at IS NOT NULL
ON CONFLICT (name) DO NOTHING;
