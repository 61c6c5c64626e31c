/** How long a certificate holds, and how long before its end an update replaces it. */
export interface ValidityArgs {
  /** Days from its making. */
  validityDays?: number;
  /**
   * Days before the end. `pulumi up` replaces a certificate that is this close to its end, whatever else changes; it
   * must run at least once in these days, which a schedule of the pipeline takes care of.
   */
  earlyRenewalDays?: number;
}

/**
 * The validity as Pulumi's tls resources take it, in hours.
 * @throws when the certificate would be renewed as soon as it is made, or never before its end.
 */
export function renewal(
  name: string,
  { validityDays, earlyRenewalDays }: Required<ValidityArgs>,
): { validityPeriodHours: number; earlyRenewalHours: number } {
  if (!(earlyRenewalDays > 0 && earlyRenewalDays < validityDays)) {
    throw new Error(
      `Certificate "${name}": earlyRenewalDays is ${earlyRenewalDays} and validityDays is ${validityDays}; ` +
        "earlyRenewalDays must be above 0, so that the renewal is before the end, and below validityDays.",
    );
  }
  return { validityPeriodHours: validityDays * 24, earlyRenewalHours: earlyRenewalDays * 24 };
}
