import { childRelationshipsOf, isPolymorphic, type Field, type SObject } from './schema.ts';

const soapTypes: Readonly<Record<Field['type'], string>> = {
  id: 'tns:ID',
  reference: 'tns:ID',
  string: 'xsd:string',
  picklist: 'xsd:string',
  phone: 'xsd:string',
  email: 'xsd:string',
  url: 'xsd:string',
  textarea: 'xsd:string',
  boolean: 'xsd:boolean',
  int: 'xsd:int',
  double: 'xsd:double',
  currency: 'xsd:double',
  date: 'xsd:date',
  datetime: 'xsd:dateTime',
};

/** One element of a describe's `fields`. */
function describeField(field: Field, object: SObject) {
  return {
    name: field.name,
    label: field.label,
    type: field.type,
    soapType: soapTypes[field.type],
    length: field.length,
    byteLength: field.length * 3,
    precision: field.type === 'currency' || field.type === 'double' ? 18 : 0,
    scale: field.type === 'currency' ? 2 : 0,
    digits: field.type === 'int' ? 8 : 0,
    nillable: !field.required && field.type !== 'boolean' && field.type !== 'id',
    createable: field.createable && object.createable,
    updateable: field.updateable && object.updateable,
    filterable: field.filterable,
    sortable: field.filterable,
    groupable: field.filterable,
    aggregatable: field.filterable,
    idLookup: field.type === 'id' || field.externalId || (field.type === 'email' && object.searchable),
    externalId: field.externalId,
    unique: field.externalId,
    caseSensitive: false,
    custom: field.custom,
    calculated: field.formula !== null,
    calculatedFormula: null,
    autoNumber: field.name === 'CaseNumber',
    nameField: field.name === object.nameField,
    namePointing: isPolymorphic(field),
    polymorphicForeignKey: isPolymorphic(field),
    defaultedOnCreate: field.defaultValue !== null || field.name === 'OwnerId',
    defaultValue: field.type === 'boolean' ? field.defaultValue : null,
    permissionable: !field.required && field.type !== 'id',
    restrictedPicklist: false,
    picklistValues: field.values.map((value) => ({
      active: true,
      defaultValue: value === field.defaultValue,
      label: value,
      validFor: null,
      value,
    })),
    referenceTo: field.referenceTo,
    relationshipName: field.relationshipName,
    relationshipOrder: null,
    cascadeDelete: false,
    deprecatedAndHidden: false,
    htmlFormatted: false,
    inlineHelpText: null,
  };
}

/** An object as `/sobjects` lists it. */
export function describeGlobal(object: SObject, version: string) {
  const base = `/services/data/${version}/sobjects/${object.name}`;
  return {
    name: object.name,
    label: object.label,
    labelPlural: object.labelPlural,
    keyPrefix: object.keyPrefix,
    custom: object.custom,
    customSetting: false,
    activateable: false,
    createable: object.createable,
    updateable: object.updateable,
    deletable: object.deletable,
    undeletable: object.deletable,
    queryable: true,
    retrieveable: object.keyPrefix !== null,
    replicateable: object.keyPrefix !== null && !object.derived,
    searchable: object.searchable,
    layoutable: object.createable,
    mergeable: ['Account', 'Contact', 'Lead', 'Case'].includes(object.name),
    triggerable: !object.derived,
    feedEnabled: false,
    deprecatedAndHidden: false,
    urls: { sobject: base, describe: `${base}/describe`, rowTemplate: `${base}/{ID}` },
  };
}

/** `/sobjects/X/describe`. */
export function describe(object: SObject, version: string) {
  return {
    ...describeGlobal(object, version),
    fields: object.fields.map((field) => describeField(field, object)),
    childRelationships: childRelationshipsOf(object).map(({ name, child, field }) => ({
      childSObject: child.name,
      field: field.name,
      relationshipName: name,
      cascadeDelete: false,
      restrictedDelete: false,
      deprecatedAndHidden: false,
      junctionIdListNames: [],
      junctionReferenceTo: [],
    })),
    recordTypeInfos: [],
    supportedScopes: [
      { label: `All ${object.labelPlural.toLowerCase()}`, name: 'everything' },
      { label: `My ${object.labelPlural.toLowerCase()}`, name: 'mine' },
    ],
  };
}
