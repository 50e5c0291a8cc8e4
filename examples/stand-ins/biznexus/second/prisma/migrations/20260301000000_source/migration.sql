ALTER TABLE "visits" ADD COLUMN "source" TEXT;
