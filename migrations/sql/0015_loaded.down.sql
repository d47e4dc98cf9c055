DELETE FROM source_state WHERE name = 'RentProg read whole';
