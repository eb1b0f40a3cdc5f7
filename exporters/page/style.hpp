// SPDX-License-Identifier: Apache-2.0
// The style of the status page. Colours never carry a meaning alone: the word stands beside each.
#pragma once

#include <string_view>

namespace recoverd::exporters {

inline constexpr std::string_view kStatusPageStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --line: #dfe3e8; --text: #1b2530; --soft: #566270;
  --good: #116a3a; --good-bg: #e3f4ea; --warn: #8a4b00; --warn-bg: #fdf0dc;
  --bad: #a3161f; --bad-bg: #fde7e8; --none: #48505b; --none-bg: #e9ecf0;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #12161b; --card: #1a2027; --line: #2d3640; --text: #e4e9ee; --soft: #9aa7b4;
    --good: #7fd8a3; --good-bg: #173325; --warn: #f4bf75; --warn-bg: #3a2a12;
    --bad: #ff9a9e; --bad-bg: #431c20; --none: #b6c0ca; --none-bg: #2a323b;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; overflow-wrap: anywhere; }
main, header, footer { max-width: 72rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { font-size: 1rem; font-weight: 600; letter-spacing: .02em; color: var(--soft); margin: 0 0 .75rem; }
h1.name { font-size: 1.75rem; color: var(--text); }
h2 { font-size: 1.1rem; margin: 2.25rem 0 .75rem; }
h3 { font-size: 1.05rem; margin: 0; }
p { margin: .25rem 0; }
a { color: inherit; text-underline-offset: .15em; }
a:focus-visible { outline: 3px solid currentColor; outline-offset: 2px; border-radius: 2px; }
.word { border-radius: .75rem; padding: 1.25rem 1.5rem; border-left: .5rem solid currentColor; }
.word strong { display: block; font-size: 1.75rem; line-height: 1.2; }
.word span { color: var(--text); }
.good { color: var(--good); background: var(--good-bg); }
.warn { color: var(--warn); background: var(--warn-bg); }
.bad { color: var(--bad); background: var(--bad-bg); }
.none { color: var(--none); background: var(--none-bg); }
.soft { color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 1rem; padding: 0; margin: 0; list-style: none; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem 1.15rem; }
.card:target { outline: 3px solid var(--soft); }
.top { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; justify-content: space-between; }
.tag { border-radius: 1rem; padding: .1rem .7rem; font-size: .85rem; font-weight: 600; white-space: nowrap; }
time { white-space: nowrap; }
.why { margin: .6rem 0; padding-left: 1.1rem; list-style: disc; }
ol.why { list-style: decimal; padding-left: 1.5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem .9rem; margin: .75rem 0 0; font-size: .9rem; }
dt { color: var(--soft); }
dd { margin: 0; font-variant-numeric: tabular-nums; }
.rows { list-style: none; margin: 0; padding: 0; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
.rows > li { padding: .7rem 1.15rem; border-top: 1px solid var(--line); }
.rows > li:first-child { border-top: 0; }
.more { margin-top: 1rem; font-size: .9rem; }
.more > li { padding: .3rem 1.15rem; }
figure { margin: .75rem 0 0; }
figcaption { color: var(--soft); font-size: .8rem; }
svg { display: block; width: 100%; height: 2.75rem; margin-top: .25rem; overflow: visible; }
svg * { fill: none; stroke: var(--soft); vector-effect: non-scaling-stroke; stroke-width: 1.5px; }
svg .limit { stroke: var(--bad); stroke-dasharray: 4 3; }
svg .bar { stroke-width: 3px; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; margin: .4rem 0; }
th, td { text-align: left; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; min-width: 3.2em; }
th { overflow-wrap: normal; }
td:nth-child(3) { white-space: nowrap; }
@media (max-width: 30rem) { table { font-size: .8rem; } td time { white-space: normal; } }
pre { overflow-x: auto; font-size: .85rem; white-space: pre-wrap; margin: .4rem 0; }
button { font: inherit; font-weight: 600; color: inherit; background: var(--card); border: 2px solid var(--soft); border-radius: .5rem; padding: .4rem 1.1rem; cursor: pointer; }
button:focus-visible, summary:focus-visible { outline: 3px solid currentColor; outline-offset: 2px; }
.run { margin: 1rem 0 0; }
.run output { margin-left: .75rem; }
progress { width: min(20rem, 60%); accent-color: var(--bad); vertical-align: middle; }
summary { cursor: pointer; color: var(--soft); }
footer { margin-top: 3rem; padding-bottom: 2rem; color: var(--soft); font-size: .9rem; }
footer a { display: inline-block; padding: .15rem 0; margin-right: 1rem; }
#age { float: right; margin: 0 0 0 1rem; color: var(--soft); font-size: .85rem; font-variant-numeric: tabular-nums; }
#gone { position: sticky; top: 0; z-index: 1; margin: 0; padding: .75rem 1.25rem; text-align: center; font-weight: 600; color: var(--bad); background: var(--bad-bg); border-bottom: 3px solid currentColor; }
#gone:empty { display: none; }
.old main, .old header { filter: grayscale(1); }
@media print { :root { color-scheme: light; --page: #fff; } #age, .run { display: none; } .card, .rows { break-inside: avoid; } }
)css";

} // namespace recoverd::exporters
