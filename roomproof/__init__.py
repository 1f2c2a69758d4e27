"""The harness that scenarios and load scripts share: wire > history > judge > verdict, then the shells around them."""
