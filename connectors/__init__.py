"""The vendors, one folder each, and what they share. The registry finds them; no import names a vendor.

sdk           what a connector may use
camunda       Camunda 8
camunda7      Camunda 7 and Operaton
uipath        UiPath Action Center and Maestro
epilot        epilot
littlehorse   LittleHorse User Tasks Bridge
geotareas     GEOtareas; the template for a further vendor
"""
