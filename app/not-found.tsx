import Link from "next/link";
import { buttonLook } from "@/components/controls/button";
import { Notice } from "@/components/shell/notice";

export default function NotFound() {
  return (
    <Notice
      title="There is nothing here"
      actions={
        <Link href="/tasks" className={buttonLook("primary")}>
          Go to the tasks
        </Link>
      }
    >
      <p>The address is mistyped, or the task or shard was deleted.</p>
    </Notice>
  );
}
