/** As many emergencies are listed: the largest page that the gateway gives. */
export const MAX_EMERGENCIES = 500;
