import { ok, type ApiRoute } from '../api.ts';

/** What the org may use in a day and what is left; only API calls are counted. */
export const limitRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/limits',
    handle: ({ caller }) => {
      const { apiLimit, apiUsed } = caller.org.policies;
      const untouched = (max: number) => ({ Max: max, Remaining: max });
      return ok({
        ConcurrentAsyncGetReportInstances: untouched(200),
        DailyApiRequests: { Max: apiLimit, Remaining: Math.max(0, apiLimit - apiUsed) },
        DailyAsyncApexExecutions: untouched(250_000),
        DailyBulkApiBatches: untouched(15_000),
        DailyStandardVolumePlatformEvents: untouched(25_000),
        DailyWorkflowEmails: untouched(1_000),
        DataStorageMB: untouched(1_024),
        FileStorageMB: untouched(1_024),
        HourlyTimeBasedWorkflow: untouched(1_000),
        SingleEmail: untouched(5_000),
      });
    },
  },
];
