CREATE TABLE `cutovers` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`task_id` text NOT NULL,
	`started_at` integer NOT NULL,
	`started_by` text NOT NULL,
	`state` text NOT NULL,
	`overrides` text DEFAULT '[]' NOT NULL,
	`held_writes` text,
	`notes` text DEFAULT '[]' NOT NULL,
	`report` text,
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `cutovers_of_task` ON `cutovers` (`task_id`,`id`);--> statement-breakpoint
ALTER TABLE `tasks` ADD `source_text` text;