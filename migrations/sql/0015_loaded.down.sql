-- The mark stays: the version before does not look at it.
SELECT 1;
