ALTER TABLE `shards` ADD `acknowledged` text;--> statement-breakpoint
ALTER TABLE `tasks` ADD `merge_policy` text DEFAULT 'last-write' NOT NULL;--> statement-breakpoint
ALTER TABLE `tasks` ADD `ring` text;--> statement-breakpoint
ALTER TABLE `tasks` ADD `destination_keys` text DEFAULT 'overwrite' NOT NULL;--> statement-breakpoint
ALTER TABLE `tasks` ADD `shrink` text DEFAULT '{"onShrink":"hold","maxKeys":1000,"maxShare":0.1}' NOT NULL;--> statement-breakpoint
ALTER TABLE `tasks` ADD `on_flush` text DEFAULT 'skip' NOT NULL;--> statement-breakpoint
ALTER TABLE `tasks` ADD `confirmed` text;