CREATE TABLE `checkpoints` (
	`task_id` text NOT NULL,
	`shard_id` text NOT NULL,
	`replid` text NOT NULL,
	`offset` text NOT NULL,
	`db` integer NOT NULL,
	`seen_at` integer NOT NULL,
	PRIMARY KEY(`task_id`, `shard_id`),
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `events` (
	`id` integer PRIMARY KEY NOT NULL,
	`task_id` text NOT NULL,
	`shard_id` text,
	`at` integer NOT NULL,
	`level` text NOT NULL,
	`type` text NOT NULL,
	`message` text NOT NULL,
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `events_of_task` ON `events` (`task_id`,`id`);--> statement-breakpoint
CREATE INDEX `events_of_shard` ON `events` (`task_id`,`shard_id`,`id`);--> statement-breakpoint
CREATE TABLE `metric_samples` (
	`task_id` text NOT NULL,
	`shard_id` text NOT NULL,
	`resolution` integer NOT NULL,
	`at` integer NOT NULL,
	`lag_seconds` real,
	`lag_bytes` real,
	`commands_per_second` real,
	`bytes_per_second` real,
	`source_keys` real,
	`destination_keys` real,
	PRIMARY KEY(`task_id`, `shard_id`, `resolution`, `at`),
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `metric_samples_by_age` ON `metric_samples` (`resolution`,`at`);--> statement-breakpoint
CREATE TABLE `refused_commands` (
	`task_id` text NOT NULL,
	`shard_id` text NOT NULL,
	`kind` text NOT NULL,
	`command` text NOT NULL,
	`db` integer NOT NULL,
	`reason_code` text NOT NULL,
	`reason` text NOT NULL,
	`count` integer NOT NULL,
	`first_at` integer NOT NULL,
	`last_at` integer NOT NULL,
	`samples` text NOT NULL,
	PRIMARY KEY(`task_id`, `shard_id`, `kind`, `command`, `db`, `reason_code`),
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `settings` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `shards` (
	`task_id` text NOT NULL,
	`id` text NOT NULL,
	`position` integer NOT NULL,
	`name` text NOT NULL,
	`weight` integer NOT NULL,
	`endpoint` text NOT NULL,
	`secret` text,
	`last_report` text,
	PRIMARY KEY(`task_id`, `id`),
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `tasks` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`wanted` text NOT NULL,
	`prechecked` integer NOT NULL,
	`failure` text,
	`since` integer NOT NULL,
	`created_at` integer NOT NULL,
	`source` text NOT NULL,
	`destination` text NOT NULL,
	`destination_secret` text,
	`databases` text NOT NULL,
	`checkpoint_db` integer NOT NULL,
	`heartbeat_db` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tasks_name_unique` ON `tasks` (`name`);