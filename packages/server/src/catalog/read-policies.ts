import type { DisputePolicy, RefundPolicy, SpentPolicy } from './catalog.ts'
import { type Fields, type Report, readFields, readFlag, show } from './read-fields.ts'

/** What follows when money goes back: `refunds` and `disputes` of the catalog, either of which may be left out. */
export function readPolicies(
  { refunds, disputes }: Fields,
  report: Report,
): { readonly refunds: RefundPolicy; readonly disputes: DisputePolicy } {
  const ofRefunds = refunds === undefined ? undefined : readFields(refunds, 'refunds', ['spent'], report)
  const ofDisputes =
    disputes === undefined ? undefined : readFields(disputes, 'disputes', ['spent', 'block'], report)
  return {
    refunds: { spent: readSpent(ofRefunds?.['spent'], 'refunds.spent', report) },
    disputes: {
      spent: readSpent(ofDisputes?.['spent'], 'disputes.spent', report),
      block: readFlag(ofDisputes?.['block'], 'disputes.block', true, report),
    },
  }
}

function readSpent(value: unknown, path: string, report: Report): SpentPolicy {
  if (value !== undefined && value !== 'owe' && value !== 'forgive')
    report(path, `is ${show(value)}; write 'owe' or 'forgive', or leave it out: then it is 'owe'.`)
  return value === 'forgive' ? 'forgive' : 'owe'
}
