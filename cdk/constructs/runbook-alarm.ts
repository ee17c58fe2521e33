import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

/** `critical`: somebody's deletion or mail waits for an operator. `warning`: look at it today. */
type Severity = 'critical' | 'warning';

export interface RunbookAlarmProps {
  /** After the stage: `lethe-prod-<name>`. */
  readonly name: string;
  readonly severity: Severity;
  /** Heading of docs/runbook.md that says what to do, as an anchor: `a-deletion-failed`. */
  readonly runbook: string;
  /** What has happened when it rings, in one sentence. */
  readonly says: string;
  /** One metric, no arithmetic: the embedded AWS takes no other. */
  readonly metric: IMetric;
  readonly stage: string;
  /** Rings from this value on. */
  readonly threshold: number;
  /** How many of how many periods in a row have to reach it; one of one when missing. */
  readonly periods?: { readonly breaching: number; readonly of: number };
  /** True where no data is itself the trouble. */
  readonly silenceIsTrouble?: boolean;
  /** True where data is rare: no data keeps the state that the last data brought. */
  readonly silenceChangesNothing?: boolean;
  /** Who is told when it rings and when it is over. */
  readonly actions: readonly IAlarmAction[];
}

/** Where each alarm's line is. */
const RUNBOOK_FILE = 'docs/runbook.md';

/** The period of every metric that alarms look at. */
export const ALARM_PERIOD = Duration.minutes(5);

/** An alarm that cannot exist without saying how bad it is and where to read what to do. */
export class RunbookAlarm extends Construct {
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string, props: RunbookAlarmProps) {
    super(scope, id);
    const { breaching, of } = props.periods ?? { breaching: 1, of: 1 };
    this.alarm = new Alarm(this, 'Alarm', {
      alarmName: `lethe-${props.stage}-${props.name}`,
      alarmDescription: `[${props.severity}] ${props.says} ${RUNBOOK_FILE}#${props.runbook}`,
      metric: props.metric,
      threshold: props.threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: of,
      datapointsToAlarm: breaching,
      treatMissingData: silenceOf(props),
    });
    this.alarm.addAlarmAction(...props.actions);
    this.alarm.addOkAction(...props.actions);
  }
}

function silenceOf({
  silenceIsTrouble,
  silenceChangesNothing,
}: Pick<RunbookAlarmProps, 'silenceIsTrouble' | 'silenceChangesNothing'>): TreatMissingData {
  if (silenceIsTrouble) return TreatMissingData.BREACHING;
  return silenceChangesNothing ? TreatMissingData.IGNORE : TreatMissingData.NOT_BREACHING;
}
