#![allow(clippy::all, missing_docs)]
use serde_json::Value;
use jsonata::*;
struct S; impl Scope for S { fn states_field(&self,_:&str)->Option<&Value>{None} fn variable(&self,_:&str)->Option<&Value>{None} fn random(&self)->u64{1} fn now_millis(&self)->i64{1_700_000_000_000} }
#[test] fn fuzz() {
  let mut exprs=vec![]; let mut stack=vec![std::path::PathBuf::from("/work/shared/jsonata-suite/groups")];
  while let Some(p)=stack.pop(){ for e in std::fs::read_dir(p).unwrap(){let e=e.unwrap().path(); if e.is_dir(){stack.push(e);} else if e.extension().is_some_and(|x|x=="json"){ if let Ok(v)=serde_json::from_str::<Value>(&std::fs::read_to_string(&e).unwrap()){ let l=match v{Value::Array(a)=>a,o=>vec![o]}; for c in l { if let Some(t)=c["expr"].as_str(){exprs.push(t.to_owned());} } } } } }
  exprs.sort();
  let data: Value = serde_json::from_str(&std::fs::read_to_string("/work/shared/jsonata-suite/datasets/dataset5.json").unwrap()).unwrap();
  let mut s: u64 = std::env::var("SEED").ok().and_then(|x|x.parse().ok()).unwrap_or(1);
  let mut r = move |n:usize| { s^=s<<13; s^=s>>7; s^=s<<17; (s % n as u64) as usize };
  let start=std::time::Instant::now(); let mut n=0; let mut bad=0; let mut ok=0;
  while start.elapsed().as_secs()<50 { n+=1;
    let mut a: Vec<char> = exprs[r(exprs.len())].chars().take(300).collect(); let b: Vec<char> = exprs[r(exprs.len())].chars().take(300).collect();
    if a.is_empty()||b.is_empty(){continue}
    for _ in 0..1+r(3) { if a.is_empty(){break} match r(4) { 0=>{let i=r(a.len()); a.remove(i);} 1=>{let i=r(a.len()); let j=(i+r(12)).min(a.len()); a.drain(i..j);} 2=>{let i=r(b.len()); let j=(i+r(15)).min(b.len()); let at=r(a.len()); a.splice(at..at,b[i..j].iter().copied());} _=>{let at=r(a.len()); a[at]="$%@#^*.[](){}?:~>&=|/0919eé'".chars().nth(r(29)).unwrap_or('x');} } }
    let text:String=a.into_iter().collect();
    std::fs::write("/tmp/jsonata_fuzz_last", &text).unwrap();
    let t=std::time::Instant::now();
    let res=evaluate_with_root(&text, Some(&data), &S, Some(2000), Some(300));
    if res.is_ok(){ok+=1}
    if let Err(e)=&res { if e.message.contains("failed on") || e.message.contains("JSONata parser failed") { bad+=1; println!("PANIC {text:?} {e:?}"); } }
    if t.elapsed().as_millis()>1500 { println!("SLOW {:?} {text:?}", t.elapsed()); }
    let _ = Expression::parse(&text).map(|e| e.variables().count());
  }
  println!("FUZZ n={n} ok={ok} bad={bad}");
}
