import { showBusyButtons } from './busy.js';
import { startCopying } from './copy.js';
import { startReading, startReadingFiles, startUpdating } from './forms.js';
import { followStatus } from './live.js';
import { guessTimeZone } from './time-zone.js';
import { startTicking } from './times.js';

startCopying();
startTicking();
startUpdating();
startReadingFiles();
startReading();
showBusyButtons();
guessTimeZone();
if (document.documentElement.dataset.account) followStatus(document.documentElement.dataset.account);
if (document.querySelector('.figures')) void import('./charts.js').then(({ startCharts }) => startCharts());
