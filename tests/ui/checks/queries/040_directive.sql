-- atlas:chek true
SELECT true;
