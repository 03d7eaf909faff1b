ALTER TABLE `shards` ADD `alternatives` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `shards` ADD `sentinel` text;--> statement-breakpoint
ALTER TABLE `tasks` ADD `publish` text DEFAULT 'forward' NOT NULL;--> statement-breakpoint
ALTER TABLE `tasks` ADD `on_destination_data_lost` text DEFAULT 'resync' NOT NULL;