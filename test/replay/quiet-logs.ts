/**
 * Imported first: functions log to standard output, where a replay prints one line per scenario.
 * `POWERTOOLS_LOG_LEVEL=ERROR npm run replay ...` shows the faults of functions in this process.
 */
process.env['POWERTOOLS_LOG_LEVEL'] ??= 'SILENT';
