ALTER TABLE `tasks` ADD `merge_policy` text DEFAULT 'last-write' NOT NULL;--> statement-breakpoint
ALTER TABLE `tasks` ADD `ring` text;