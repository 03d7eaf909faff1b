CREATE TABLE `differing_keys` (
	`verification_id` integer NOT NULL,
	`place` integer NOT NULL,
	`kind` text NOT NULL,
	`shard` integer,
	`db` integer NOT NULL,
	`source_db` integer NOT NULL,
	`key` blob NOT NULL,
	PRIMARY KEY(`verification_id`, `place`),
	FOREIGN KEY (`verification_id`) REFERENCES `verifications`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `repaired_keys` (
	`repair_id` integer NOT NULL,
	`place` integer NOT NULL,
	`kind` text NOT NULL,
	`shard` integer,
	`db` integer NOT NULL,
	`source_db` integer NOT NULL,
	`key` blob NOT NULL,
	`outcome` text,
	`before` text,
	`after` text,
	`at` integer,
	PRIMARY KEY(`repair_id`, `place`),
	FOREIGN KEY (`repair_id`) REFERENCES `repairs`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `repairs` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`task_id` text NOT NULL,
	`verification_id` integer NOT NULL,
	`by` text NOT NULL,
	`from` text,
	`started_at` integer NOT NULL,
	`finished_at` integer,
	`state` text NOT NULL,
	`sentence` text NOT NULL,
	`reason` text,
	`keys` integer NOT NULL,
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `repairs_of_task` ON `repairs` (`task_id`,`id`);--> statement-breakpoint
CREATE TABLE `verify_orders` (
	`task_id` text PRIMARY KEY NOT NULL,
	`order` text NOT NULL,
	`paused` integer NOT NULL,
	`started_at` integer NOT NULL,
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE cascade
);
