CREATE TABLE `verification_findings` (
	`run_id` integer NOT NULL,
	`number` integer NOT NULL,
	`differs` integer NOT NULL,
	`kind` text NOT NULL,
	`shard` integer,
	`db` integer NOT NULL,
	`key` blob NOT NULL,
	`facts` text NOT NULL,
	PRIMARY KEY(`run_id`, `number`),
	FOREIGN KEY (`run_id`) REFERENCES `verifications`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `verify_schedules` (
	`task_id` text PRIMARY KEY NOT NULL,
	`enabled` integer NOT NULL,
	`cron` text NOT NULL,
	`time_zone` text NOT NULL,
	`order` text NOT NULL,
	`next_at` integer,
	`passed_over` text,
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
ALTER TABLE `verifications` ADD `bytes` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `verifications` ADD `depth` text DEFAULT 'full' NOT NULL;--> statement-breakpoint
ALTER TABLE `verifications` ADD `scope` text DEFAULT '{"sample":100,"prefix":null,"shardId":null}' NOT NULL;--> statement-breakpoint
ALTER TABLE `verifications` ADD `origin` text DEFAULT 'user' NOT NULL;--> statement-breakpoint
ALTER TABLE `verifications` ADD `basis` text;