import type { SharedTask } from "../../control/views/shared-task.ts";
import type { StatusBoard, StatusTask } from "../../control/views/status-board.ts";
import type { Masking } from "../../people/masking.ts";
import { maskedEvent } from "./masked-events.ts";
import { maskedReasonOrNull, maskedSentence } from "./masked-text.ts";

export function maskedBoard(board: StatusBoard, masking: Masking): StatusBoard {
  return {
    ...board,
    groups: board.groups.map((group) => ({
      ...group,
      tasks: group.tasks.map((task) => maskedStatus(task, masking)),
    })),
  };
}

export function maskedShared(shared: SharedTask, masking: Masking): SharedTask {
  const { verdict } = shared;
  return {
    ...shared,
    task: maskedStatus(shared.task, masking),
    verdict: verdict === null ? null : { ...verdict, sentence: maskedSentence(verdict.sentence, masking) },
    events: shared.events.map((event) => maskedEvent(event, masking)),
  };
}

function maskedStatus(task: StatusTask, masking: Masking): StatusTask {
  return { ...task, reason: maskedReasonOrNull(task.reason, masking) };
}
