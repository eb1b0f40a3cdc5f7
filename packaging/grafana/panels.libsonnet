// What all panels have in common: a data source, a place in the grid, units, colours. Nothing about recoverd's metrics.
local datasource = { type: 'prometheus', uid: '${datasource}' };

// Queries are pairs of expression and legend, or expressions alone.
local target(i, query, format) = {
  refId: std.char(std.codepoint('A') + i),
  datasource: datasource,
  expr: if std.isArray(query) then query[0] else query,
  legendFormat: if std.isArray(query) then query[1] else '__auto',
  instant: format != null,
  range: format == null,
} + (if format != null then { format: format } else {});

// `format` is that of an instant query: what is now. Without one it is asked for the whole time that the dashboard shows.
local panel(type, title, description, queries, unit, width, height, format=null) = {
  type: type,
  title: title,
  description: description,
  datasource: datasource,
  targets: std.mapWithIndex(function(i, query) target(i, query, format), queries),
  fieldConfig: { defaults: { unit: unit, noValue: 'nothing told' }, overrides: [] },
  options: {},
  gridPos: { w: width, h: height },
};

// From left to right, and down when a line is full; every panel of a line is as high as its first.
local place(panels) = std.foldl(
  function(done, p)
    local wraps = done.x + p.gridPos.w > 24;
    local x = if wraps then 0 else done.x;
    local y = if wraps then done.y + done.h else done.y;
    { x: x + p.gridPos.w, y: y, h: p.gridPos.h, panels: done.panels + [p { id: std.length(done.panels) + 1, gridPos+: { x: x, y: y } }] },
  panels,
  { x: 0, y: 0, h: 0, panels: [] }
).panels;

{
  // Colour by value of a label that the legend shows.
  coloured(colours):: {
    fieldConfig+: {
      overrides: [
        { matcher: { id: 'byName', options: name }, properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: colours[name] } }] }
        for name in std.objectFields(colours)
      ],
    },
  },

  // Good below `bad`, which is bad itself.
  limit(bad):: {
    fieldConfig+: { defaults+: { thresholds: { mode: 'absolute', steps: [{ color: 'green', value: null }, { color: 'red', value: bad }] } } },
  },

  // Now, and not the last that each series of the time shown had: a verdict of this morning would stand beside the one that
  // holds, and that of an agent which is dead since would stay.
  stat(title, description, queries, unit='none', width=6, height=5)::
    panel('stat', title, description, queries, unit, width, height, 'time_series') {
      options: { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'none', textMode: 'value_and_name' },
    },

  series(title, description, queries, unit, width=12, height=8)::
    panel('timeseries', title, description, queries, unit, width, height) {
      options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
      fieldConfig+: { defaults+: { custom: { spanNulls: false } } },
    },

  // `columns` are the names of fields to show, in their order; of several queries the last ones are 'Value #A' and so on.
  table(title, description, queries, columns, units={}, width=24, height=9)::
    panel('table', title, description, queries, 'none', width, height, 'table') {
      transformations: [
        // First: a column that differs between queries (__name__) would keep their rows apart.
        { id: 'filterFieldsByName', options: { include: { names: [column[0] for column in columns] } } },
        { id: 'merge', options: {} },
        {
          id: 'organize',
          options: {
            indexByName: { [columns[i][0]]: i for i in std.range(0, std.length(columns) - 1) },
            renameByName: { [column[0]]: column[1] for column in columns },
          },
        },
      ],
      fieldConfig+: {
        overrides: [
          { matcher: { id: 'byName', options: name }, properties: [{ id: 'unit', value: units[name] }] }
          for name in std.objectFields(units)
        ],
      },
    },

  variable(name, query):: {
    type: 'query',
    name: name,
    datasource: datasource,
    query: { query: query, refId: name },
    refresh: 2,
    sort: 1,
  },

  dashboard(uid, title, description, variables, panels, links=[]):: {
    uid: uid,
    title: title,
    description: description,
    tags: ['recoverd'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    timezone: 'browser',
    refresh: '1m',
    time: { from: 'now-24h', to: 'now' },
    links: links,
    annotations: { list: [] },
    templating: { list: [{ type: 'datasource', name: 'datasource', query: 'prometheus' }] + variables },
    panels: place(panels),
  },
}
