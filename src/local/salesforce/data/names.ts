/** Invented people and companies; no real person or company is meant. */
// prettier-ignore
export const firstNames = [
  'Anna', 'Bela', 'Carla', 'Dario', 'Elif', 'Femke', 'Goran', 'Hanna', 'Ivo', 'Jana', 'Kai', 'Lena', 'Marek', 'Nora',
  'Ole', 'Paula', 'Quirin', 'Rosa', 'Sven', 'Tilda', 'Ugo', 'Vera', 'Wanda', 'Xaver', 'Yara', 'Zoé', 'Amir',
  'Britta', 'Cem', 'Dora', 'Emil', 'Frieda', 'Gustav', 'Helene', 'Imre', 'Jonas', 'Katja', 'Luca', 'Mira', 'Noah',
  'Olga', 'Piet', 'Romy', 'Sören', 'Tamar', 'Ulla', 'Viktor', 'Zita',
] as const;

// prettier-ignore
export const lastNames = [
  'Ackerwind', 'Birkenfels', 'Castellane', 'Dornbusch', 'Eibenroth', 'Finsterbach', 'Glockner', 'Haselhuhn',
  'Immergrün', 'Jägerlatt', 'Kieselstein', 'Lindenwart', 'Moosbrugger', 'Nebelhorn', "O'Brambleigh", 'Pfauenauge',
  'Quellenthal', 'Rabenholt', 'Silberdistel', 'Tannhäuser', 'Uferlos', 'Vogelsang', 'Wiesengrund', 'Yppenfeld',
  'Zirbelnuss', 'Ashdown', 'Bellweather', 'Crumpleton', 'Duskwood', 'Everbright', 'Fernsby', 'Gallowmere',
  'Hollowell', 'Inkpen', 'Jessamy', 'Kettleburn', 'Larkspur', 'Merriweather', 'Nightingale', 'Oakhurst',
  'Pennyfeather', 'Quillfeather', 'Ravensworth', 'Stonebridge', 'Thistlewood', 'Underhill', 'Violetti',
  'Winterbourne', 'de la Fontanelle', 'van der Windmolen', 'Åkerblom', 'Łąkowski', 'Ñandú', 'Çiçekoğlu',
] as const;

// prettier-ignore
export const companyWords = [
  'Amber', 'Birch', 'Comet', 'Delta', 'Ember', 'Falcon', 'Granite', 'Harbour', 'Indigo', 'Juniper', 'Kestrel',
  'Lantern', 'Meridian', 'North Star', 'Orchid', 'Pioneer', 'Quartz', 'Ridge', 'Summit', 'Tidal', 'Umbra', 'Vertex',
  'Willow', 'Zephyr',
] as const;

// prettier-ignore
export const companyKinds = [
  'Bakeries', 'Bearings', 'Clinics', 'Consulting', 'Dairy', 'Electronics', 'Forestry', 'Foundry', 'Freight',
  'Insurance', 'Instruments', 'Logistics', 'Optics', 'Packaging', 'Robotics', 'Software', 'Textiles', 'Tools',
] as const;

// prettier-ignore
export const companyForms = [
  'GmbH', 'AG', 'Ltd', 'Inc.', 'LLC', 'KG', 'S.A.',
] as const;

// prettier-ignore
export const titles = [
  'Head of Purchasing', 'Office Manager', 'Managing Director', 'Service Technician', 'Accountant', 'Plant Manager',
  'IT Lead', 'Assistant',
] as const;

// prettier-ignore
export const subjects = [
  'Pump stops after ten minutes', 'Invoice shows the wrong address', 'Question about the service contract',
  'Device does not start', 'Delivery is incomplete', 'Please call back about the offer', 'Display stays dark',
  'Login does not work',
] as const;

// prettier-ignore
export const cities = [
  ['Berlin', 'DE'], ['Ravensburg', 'DE'], ['Köln', 'DE'], ['London', 'GB'], ['Manchester', 'GB'],
  ['San Francisco', 'US'], ['Boston', 'US'],
] as const;
