-- Run once, by the image, in an empty volume. Tables are Alembic's.
SET GLOBAL time_zone = '+00:00';
