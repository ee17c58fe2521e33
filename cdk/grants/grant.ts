import type { NodeFunction } from '../constructs/node-function.ts';
import type { ServiceStackProps } from '../service-props.ts';

/** Allows the function of a step exactly what the step touches, and tells it where that is. */
export type Grant = (step: NodeFunction, props: ServiceStackProps) => void;
