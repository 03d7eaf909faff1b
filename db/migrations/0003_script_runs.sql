CREATE TABLE `script_runs` (
	`task_id` text NOT NULL,
	`shard_id` text NOT NULL,
	`sha` text NOT NULL,
	`name` text NOT NULL,
	`ran` integer NOT NULL,
	`failed` integer NOT NULL,
	`last_answer` text NOT NULL,
	`last_failed` integer NOT NULL,
	`last_at` integer NOT NULL,
	PRIMARY KEY(`task_id`, `shard_id`, `sha`),
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE cascade
);
