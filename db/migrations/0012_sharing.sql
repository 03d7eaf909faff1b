CREATE TABLE `share_links` (
	`id` text PRIMARY KEY NOT NULL,
	`task_id` text NOT NULL,
	`user_id` text,
	`name` text NOT NULL,
	`hash` text NOT NULL,
	`hidden` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`last_used_at` integer,
	`last_used_from` text,
	FOREIGN KEY (`task_id`) REFERENCES `tasks`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `share_links_hash_unique` ON `share_links` (`hash`);--> statement-breakpoint
CREATE INDEX `share_links_of_task` ON `share_links` (`task_id`);--> statement-breakpoint
CREATE TABLE `status_visits` (
	`hash` text PRIMARY KEY NOT NULL,
	`expires_at` integer NOT NULL
);
